import { expect, test } from 'vitest';
import { systemCallFilter } from '../../src/sensor/system-call-filter.ts';

const status = (seccomp: string) => `Name:\tnode\n${seccomp}`;
const list = () => ['read', 'ptrace', 'bpf', 'vm86'];

test.each<[string, string, () => string[], string[]]>([
  [
    'the calls that this machine knows are forbidden, because enosys refuses other names',
    'Seccomp:\t0\n',
    list,
    ['enosys', '--syscall=ptrace', '--syscall=bpf', '--'],
  ],
  ['a filter of systemd or a container is enough', 'Seccomp:\t2\n', list, []],
  ['a kernel without filters has none', '', list, []],
  ['a tool that does not answer is not used', 'Seccomp:\t0\n', () => [], []],
])('%s', (_what, seccomp, known, command) => {
  expect(systemCallFilter(status(seccomp), known)).toEqual(command);
});
