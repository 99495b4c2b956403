import {ByteSink} from '../bytes.ts';
import * as elf from './elf.ts';
import {fileHeader, programHeaders, sectionHeaders, symbolRecords} from './headers.ts';
import {layout, type Layout} from './layout.ts';
import type {Program} from '../program.ts';
import {ascii} from './strings.ts';

/**
 * The bytes of an executable file (ELF64, ET_EXEC; static, or linked with the C library at run time). The same program
 * gives the same bytes everywhere.
 *
 * @param buildId computes the identity of the content: is given the whole file with 20 zeros in place of the id, and
 *   returns the 20 bytes to put there. `ld --build-id=sha1` does the same with SHA-1.
 * @throws RangeError if a symbol is in no segment or a number doesn't fit its field. Whether the kernel would run the
 *   file is validate.ts's question.
 */
export function write(program: Program, buildId: (file: Uint8Array) => Uint8Array): Uint8Array {
  const plan = layout(program);
  const anonymous = emit(plan, new Uint8Array(elf.BUILD_ID_SIZE));
  return emit(plan, buildId(anonymous));
}

// --- internal ---

/**
 * The second phase: writes the bytes in the order of the layout. Each `padTo` is also an assertion: it throws if more
 * has been written so far than was planned.
 */
function emit(plan: Layout, buildId: Uint8Array): Uint8Array {
  if (buildId.length !== elf.BUILD_ID_SIZE) throw new RangeError(`a build-id has 20 bytes, not ${buildId.length}`);
  const sink = new ByteSink(plan.size);

  const header = fileHeader(plan);
  encodeAll(sink, 0, elf.FILE_HEADER, [header]);
  encodeAll(sink, header.e_phoff, elf.PROGRAM_HEADER, programHeaders(plan));

  encodeAll(sink, plan.noteOffset, elf.NOTE, [{n_namesz: 4, n_descsz: elf.BUILD_ID_SIZE, n_type: elf.NT_GNU_BUILD_ID}]);
  sink.bytes([...ascii('GNU'), 0]);
  sink.bytes(buildId);
  for (const {offset, bytes} of plan.dynamic) put(sink, offset, bytes);

  encodeAll(sink, plan.symbolsOffset, elf.SYMBOL, symbolRecords(plan));
  put(sink, plan.namesOffset, plan.names.bytes);
  put(sink, plan.sectionNamesOffset, plan.sectionNames.bytes);
  encodeAll(sink, header.e_shoff, elf.SECTION_HEADER, sectionHeaders(plan));

  for (const {segment, offset} of plan.segments) {
    if (segment.bytes.length > 0) put(sink, offset, segment.bytes);
  }
  return sink.finish();
}

function encodeAll<F extends elf.Fields>(
  sink: ByteSink,
  offset: number,
  fields: F,
  records: readonly elf.Fielded<F>[],
): void {
  sink.padTo(offset);
  for (const record of records) elf.encode(sink, fields, record);
}

function put(sink: ByteSink, offset: number, bytes: Uint8Array): void {
  sink.padTo(offset);
  sink.bytes(bytes);
}
