import type {HelperMachine} from './machine.ts';
import {arm64} from './arm64.ts';
import {riscv64} from './riscv64.ts';
import {x64} from './x64.ts';

/** All machines for which lessons are built. */
export const MACHINES: readonly HelperMachine[] = [x64, arm64, riscv64];
