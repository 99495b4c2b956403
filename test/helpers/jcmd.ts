import {execFileSync} from 'node:child_process';
import {PATIENCE} from './wait.ts';

/**
 * What a JVM answers to jcmd(1). A loaded one may not have begun to listen within the ten seconds that jcmd waits for that.
 *
 * @throws where it does not answer
 */
export const jcmd = (pid: number, ...words: readonly string[]): string =>
  execFileSync('jcmd', [`-J-Dsun.tools.attach.attachTimeout=${PATIENCE}`, String(pid), ...words], {encoding: 'latin1'});
