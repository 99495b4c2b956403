import type {ExecutionContext} from 'ava';
import {python, type Child} from '../helpers/child.ts';

/**
 * What a Python needs to have a family. `fork(code)` gives the PID of a child that has run `code` (and what it called
 * `told` is ours then); `orphan(code)` that of a grandchild whose parent has ended, and was waited for. All of them end
 * with the first process: they wait for the end of a pipe that it alone holds open.
 */
const FAMILY = `
import signal, time
keep, held = os.pipe()
libc = ctypes.CDLL(None)
def answer_to(pipe, code):
    try:
        os.close(held)
    except OSError: pass
    exec(code, globals())
    os.write(pipe, str(globals().get('told', 0)).encode())
    os.close(pipe)
    os.read(keep, 1)
    os._exit(0)
def fork(code='pass'):
    global told
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0: answer_to(theirs, code)
    os.close(theirs)
    told = int(os.read(ours, 99))
    os.close(ours)
    return pid
def orphan(code='pass'):
    ours, theirs = os.pipe()
    middle = os.fork()
    if middle == 0:
        pid = os.fork()
        if pid == 0: answer_to(theirs, 'told = os.getpid()\\n' + code)
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(theirs)
    pid = int(os.read(ours, 99))
    os.close(ours)
    return pid
def end(pid):
    os.kill(pid, 9)
    os.waitpid(pid, 0)
def total(pids, line, file='status'):
    return sum(int(text.split()[1]) for pid in pids for text in open(f'/proc/{pid}/{file}') if text.startswith(line + ':'))
`;

/** A Python with the functions above. @param prelude what it does first */
export const familyPython = (t: ExecutionContext, prelude = ''): Promise<Child> => python(t, `${FAMILY}\n${prelude}`);

/** Its answer as a number. */
export const numberFrom = async (child: Child, code: string): Promise<number> => Number(await child.ask(code));
