/** Where a thread's registers are in NT_PRSTATUS, as places in its array of words. */
interface Registers {
  readonly stackPointer: number;
  readonly instruction: number;
}

/**
 * The order of registers is that of ptrace(2), PTRACE_GETREGS, by e_machine of elf(5): struct user_regs_struct or
 * pt_regs in arch/ARCH/include/uapi/asm/ptrace.h. On s390 the program status word comes first: its mask and address.
 */
const MACHINES: Readonly<Record<number, Registers>> = {
  3: {stackPointer: 15, instruction: 12}, // EM_386: esp, eip
  20: {stackPointer: 1, instruction: 32}, // EM_PPC: r1, nip
  21: {stackPointer: 1, instruction: 32}, // EM_PPC64
  22: {stackPointer: 17, instruction: 1}, // EM_S390: r15, the address of the PSW
  40: {stackPointer: 13, instruction: 15}, // EM_ARM: r13, r15
  62: {stackPointer: 19, instruction: 16}, // EM_X86_64: rsp, rip
  183: {stackPointer: 31, instruction: 32}, // EM_AARCH64: sp, pc
  243: {stackPointer: 2, instruction: 0}, // EM_RISCV: x2, pc
  258: {stackPointer: 3, instruction: 33}, // EM_LOONGARCH: r3, era
};

/** @param machine e_machine @returns undefined for a machine whose registers are not known here */
export const registersOf = (machine: number): Registers | undefined => MACHINES[machine];
