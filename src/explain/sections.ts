/** What linkers put into sections of these names: elf(5), "Special sections"; ld(1). */
const SECTIONS: Readonly<Record<string, string>> = {
  '.text': 'machine code',
  '.plt': 'jumps to functions of other files, by way of .got',
  '.plt.got': 'jumps to functions of other files, by way of .got',
  '.plt.sec': 'jumps to functions of other files, by way of .got',
  '.init': 'code that runs first',
  '.fini': 'code that runs last',
  '.rodata': 'constants',
  '.eh_frame': 'how to unwind the stack from each place of the code',
  '.eh_frame_hdr': 'an index to .eh_frame',
  '.gcc_except_table': 'where exceptions are caught',
  '.data': 'variables with a first value',
  '.bss': 'variables that start as zero',
  '.tdata': 'variables of each thread: their first values',
  '.data.rel.ro': 'constants with addresses in them, which the dynamic linker fills in',
  '.got': 'addresses that the dynamic linker fills in',
  '.got.plt': 'addresses of functions, filled in when they are first called',
  '.init_array': 'addresses of functions that run first',
  '.fini_array': 'addresses of functions that run last',
  '.dynamic': 'what the dynamic linker has to know',
  '.dynsym': 'names that other files use, or that this one needs',
  '.dynstr': 'the text of names',
  '.gnu.hash': 'an index to .dynsym',
  '.rela.dyn': 'places that the dynamic linker fills in',
  '.rela.plt': 'places that the dynamic linker fills in',
  '.interp': 'the path of the dynamic linker',
  '.note.gnu.build-id': 'a number that tells this build from others',
};

/** `.plt: jumps to functions of other files, …`; the bare name where it isn't one of the usual. */
export const sectionText = (name: string): string => {
  const words = Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
  return words === undefined ? name : `${name}: ${words}`;
};
