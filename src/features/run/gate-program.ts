/*
 * The program that `memmap run` starts in place of a command. It divides in two: a child, the gate, which waits until
 * memmap watches it and then becomes the command (execve keeps the PID), so that the command is watched from its first
 * instruction; and the warden, the gate's parent, which waits for what ends and tells what the kernel kept of it. Only
 * a parent is told that, and Node has no call for it.
 *
 *   gate PATH NAME [ARG …]       PATH is executed with the arguments NAME ARG … and the environment of the gate
 *
 * Both communicate on descriptor 3, a socket:
 *
 *   the gate writes a record     STARTED: its PID; it waits
 *   it reads bytes               `g`: execute; `n`: turn ASLR off, then execute; others are ignored
 *   before, if it is traced      `t`: let any process of the user trace it (PR_SET_PTRACER), where Yama would forbid it
 *                                all but ancestors; it answers with STARTED again. `u`: no longer
 *   it writes a record           REFUSED: the command can't be executed: the errno; plus 128 if personality(2) failed
 *   the warden writes a record   ENDED: a process ended: the command, or an orphan of it (see below)
 *   it reads bytes               once the command has ended: `s`: memmap has seen the zombie; others are ignored
 *   the socket closes            the warden has ended
 *
 * A record has RECORD bytes: struct rusage (getrusage(2)) and the beginning of siginfo_t (sigaction(2)), of which
 * si_signo says what it is. In STARTED and REFUSED only si_signo, si_pid and, as the errno, si_status have a meaning.
 *
 * If neither byte comes because memmap is gone, the gate exits with 1 and executes nothing. If the command can't be
 * executed, it exits with 127 (there is no such file) or 126, as shells do. Nothing that it sets up survives, except
 * the personality, if asked for. To the command all is as without memmap, but that its parent is the warden: process
 * group, session, descriptors, signal mask and dispositions are those that the program was started with.
 *
 * The warden blocks all signals: those of a terminal are the command's. It is a subreaper (PR_SET_CHILD_SUBREAPER), so
 * what the command orphans comes to it, and not to process 1. It ends after the command; orphans that still run then go
 * to process 1 as they would have at once without memmap. If memmap is gone, it waits for the command all the same.
 *
 * ru_maxrss of a process is the largest resident set (RSS) that any of its program images had, in KiB: execve keeps
 * that of the image before (fs/exec.c, exec_mmap(): setmax_mm_hiwater_rss()), and a fork begins with the RSS of its
 * parent (kernel/fork.c, dup_mmap()). So what becomes the command must be small before: this has a few pages, Node
 * tens of MiB. RUSAGE_BOTH, which a wait gives, is the larger of that and the largest among the descendants that were
 * waited for, each by its parent (kernel/sys.c, getrusage(); kernel/exit.c, wait_task_zombie(): cmaxrss).
 *
 * Where no process can be created (RLIMIT_NPROC, pids.max), there is no warden: the program itself is the gate.
 *
 *   00400000-00401000 r--p 00000000   headers
 *   00401000-00402000 r-xp 00001000   code
 */
import {assemble, func, label, type Instruction, type Item} from '../../elf/assemble.ts';
import {PF_R, PF_X} from '../../elf/file/elf.ts';
import {X64, type Program} from '../../elf/program.ts';
import {jb, je, jmp, jne, jns, js} from '../../elf/x64/x64.ts';
import * as r from '../../elf/x64/operands.ts';
import {at, byte, dword, indexed, type Memory, qword, type Register} from '../../elf/x64/operands.ts';
import * as x from '../../elf/x64/x64.ts';
import {
  ENDED,
  FIELD,
  GO,
  GO_WITHOUT_ASLR,
  PLACING_REFUSED,
  RECORD,
  REFUSED,
  SEEN,
  SOCKET,
  STARTED,
  TRACEABLE,
  UNTRACEABLE,
} from './protocol.ts';

const BASE = 0x400000;
const TEXT = 0x401000;

/** System calls of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), and their arguments and errors. */
const READ = 0;
const CLOSE = 3;
const RT_SIGPROCMASK = 14;
const GETPID = 39;
const SENDTO = 44;
const CLONE = 56;
const EXECVE = 59;
const FCNTL = 72;
const PERSONALITY = 135;
const PRCTL = 157;
const EXIT_GROUP = 231;
const WAITID = 247;
const CLOSE_RANGE = 436;
const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const MSG_NOSIGNAL = 0x4000;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const ADDR_NO_RANDOMIZE = 0x0040000;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_PTRACER = 0x59616d61;
const PR_SET_PTRACER_ANY = -1;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x1000000;
const ENOENT = 2;
const EINTR = 4;

/** What is on the stack. siginfo_t has 128 bytes, of which the record takes the first. */
const SIGINFO = FIELD.signo;
const MASK = SIGINFO + 128;
const ALL_SIGNALS = MASK + 8;
const BYTE = ALL_SIGNALS + 8;
const FRAME = BYTE + 8;

/** Bytes of a signal mask. */
const MASK_SIZE = 8;

/** The program as a value: elf/write.ts turns it into a file. */
export function gateProgram(): Program {
  const text = assemble(code, TEXT);
  return {
    machine: X64,
    base: BASE,
    segments: [{name: '.text', vaddr: TEXT, flags: PF_R + PF_X, bytes: text.bytes}],
    entry: TEXT,
    symbols: text.symbols,
  };
}

/**
 * rbx points to the arguments: the kernel puts their count there, then argv[0], argv[1], …, a null pointer, and then
 * the environment. r15 points to the frame; ebp is the command's PID.
 */
const inFrame = (offset: number) => at(r.r15, offset);

/** A system call, with its arguments in their order. */
function call(number: number, ...args: ReadonlyArray<number | Register | Memory>): Item[] {
  const registers = [r.rdi, r.rsi, r.rdx, r.r10, r.r8];
  return [...args.map((value, i) => argument(registers[i]!, value)), x.mov(r.eax, number), x.syscall()];
}

const argument = (register: Register, value: number | Register | Memory): Instruction =>
  typeof value === 'object' && value.kind === 'memory' ? x.lea(register, value) : x.mov(register, value);

/** The two halves. */
const code: readonly Item[] = [
  func('_start', [
    x.mov(r.rbx, r.rsp),
    x.sub(r.rsp, FRAME),
    x.mov(r.r15, r.rsp),
    x.mov(r.r12d, 1),
    x.cmp(qword(at(r.rbx)), 3),
    jb('exit'),
    ...call(FCNTL, SOCKET, F_SETFD, FD_CLOEXEC),
    x.test(r.eax, r.eax),
    js('exit'),
    x.mov(qword(inFrame(ALL_SIGNALS)), -1),
    ...call(RT_SIGPROCMASK, SIG_BLOCK, inFrame(ALL_SIGNALS), inFrame(MASK), MASK_SIZE),
    ...call(PRCTL, PR_SET_CHILD_SUBREAPER, 1),
    ...call(CLONE, ENDED, 0, 0, 0, 0),
    x.test(r.eax, r.eax),
    je('gate'),
    jns('warden'),
    ...call(PRCTL, PR_SET_CHILD_SUBREAPER, 0),
    jmp('gate'),
  ]),

  func('gate', [
    ...call(RT_SIGPROCMASK, SIG_SETMASK, inFrame(MASK), 0, MASK_SIZE),
    x.mov(r.eax, GETPID),
    x.syscall(),
    x.mov(dword(inFrame(FIELD.signo)), STARTED),
    x.mov(inFrame(FIELD.pid), r.eax),
    x.call('send'),
    label('wait'),
    ...call(READ, SOCKET, inFrame(BYTE), 1),
    x.cmp(r.rax, -EINTR),
    je('wait'),
    x.cmp(r.rax, 1),
    jne('exit'),
    x.cmp(byte(inFrame(BYTE)), GO_WITHOUT_ASLR.charCodeAt(0)),
    je('place'),
    x.cmp(byte(inFrame(BYTE)), TRACEABLE.charCodeAt(0)),
    je('allow'),
    x.cmp(byte(inFrame(BYTE)), UNTRACEABLE.charCodeAt(0)),
    je('forbid'),
    x.cmp(byte(inFrame(BYTE)), GO.charCodeAt(0)),
    jne('wait'),
    label('become'),
    x.mov(r.rdi, at(r.rbx, 16)),
    x.lea(r.rsi, at(r.rbx, 24)),
    x.mov(r.rdx, at(r.rbx)),
    x.lea(r.rdx, indexed(r.rbx, r.rdx, 8, 16)),
    x.mov(r.eax, EXECVE),
    x.syscall(),
    x.neg(r.eax),
    x.mov(r.r12d, 127),
    x.cmp(r.eax, ENOENT),
    je('tell'),
    label('refused'),
    x.mov(r.r12d, 126),
    // eax: the errno; r12d: the exit code.
    label('tell'),
    x.mov(dword(inFrame(FIELD.signo)), REFUSED),
    x.mov(inFrame(FIELD.status), r.eax),
    x.call('send'),
    label('exit'),
    ...call(EXIT_GROUP, r.r12),
  ]),

  // Without Yama prctl(2) fails, and whoever may trace by its other rules may do so.
  func('allow', [...call(PRCTL, PR_SET_PTRACER, PR_SET_PTRACER_ANY), x.call('send'), jmp('wait')]),
  func('forbid', [...call(PRCTL, PR_SET_PTRACER, 0), jmp('wait')]),

  // personality(2): 0xffffffff returns the current persona without changing it; the one flag is added to it.
  func('place', [
    x.mov(r.edi, 0xffffffff),
    x.mov(r.eax, PERSONALITY),
    x.syscall(),
    x.mov(r.edi, r.eax),
    x.or(r.edi, ADDR_NO_RANDOMIZE),
    x.mov(r.eax, PERSONALITY),
    x.syscall(),
    x.test(r.eax, r.eax),
    jns('become'),
    x.neg(r.eax),
    x.add(r.eax, PLACING_REFUSED),
    jmp('refused'),
  ]),

  // It keeps no descriptor but the socket: the other end of a pipe must see when the command closes its own. Kernels
  // before 5.9 have no close_range(2), and then those above the socket stay open.
  func('warden', [
    x.mov(r.ebp, r.eax),
    ...call(CLOSE, 0),
    ...call(CLOSE, 1),
    ...call(CLOSE, 2),
    ...call(CLOSE_RANGE, SOCKET + 1, 0x7fffffff, 0),
    label('next'),
    // WNOWAIT leaves the zombie. The record comes before the process is gone.
    ...call(WAITID, P_ALL, 0, inFrame(SIGINFO), WEXITED + WNOWAIT, inFrame(0)),
    x.test(r.eax, r.eax),
    jne('over'),
    x.call('send'),
    x.cmp(inFrame(FIELD.pid), r.ebp),
    je('ended'),
    x.mov(r.esi, inFrame(FIELD.pid)),
    x.call('reap'),
    jmp('next'),
    label('ended'),
    // A gate that was killed left bytes unread. Closed with any, the socket would be reset, and memmap lose the record
    // (net/unix/af_unix.c, unix_release_sock()).
    ...call(READ, SOCKET, inFrame(BYTE), 1),
    x.cmp(r.rax, 1),
    jne('seen'),
    x.cmp(byte(inFrame(BYTE)), SEEN.charCodeAt(0)),
    jne('ended'),
    label('seen'),
    x.mov(r.esi, r.ebp),
    x.call('reap'),
    // Its orphans are ours by now (kernel/exit.c, exit_notify()): those that have ended are told too.
    label('rest'),
    ...call(WAITID, P_ALL, 0, inFrame(SIGINFO), WEXITED + WNOHANG, inFrame(0)),
    x.test(r.eax, r.eax),
    jne('over'),
    x.cmp(dword(inFrame(FIELD.pid)), 0),
    je('over'),
    x.call('send'),
    jmp('rest'),
    label('over'),
    x.mov(r.r12d, 0),
    jmp('exit'),
  ]),

  // In: esi, the PID of a zombie.
  func('reap', [
    x.mov(r.edi, P_PID),
    x.mov(r.edx, 0),
    x.mov(r.r10d, WEXITED),
    x.mov(r.r8d, 0),
    x.mov(r.eax, WAITID),
    x.syscall(),
    x.ret(),
  ]),

  // sendto(2): unlike write(2) it sends no SIGPIPE where memmap is gone.
  func('send', [
    x.mov(r.edi, SOCKET),
    x.mov(r.rsi, r.r15),
    x.mov(r.edx, RECORD),
    x.mov(r.r10d, MSG_NOSIGNAL),
    x.mov(r.r8d, 0),
    x.mov(r.r9d, 0),
    x.mov(r.eax, SENDTO),
    x.syscall(),
    x.ret(),
  ]),
];
