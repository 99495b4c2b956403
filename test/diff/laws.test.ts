import test from 'ava';
import {holds} from './law.ts';
import {LAWS} from './laws.ts';

for (const [title, law] of Object.entries(LAWS)) test(title, holds(law));
