import type { DialogProgram } from '../../commands/dialog.ts';
import type { Tool } from '../../commands/tool.ts';

/** The program. */
export const IPSET: Tool = { command: 'ipset', package: 'ipset' };

/** ipset's error for a set that does not exist. */
export const GONE = /The set with the given name does not exist/;

/** Its error for a set that is full. */
export const FULL = /Hash is full/;

/** Its error for a set that a rule uses, and for a moment after that rule is gone. */
export const IN_USE = /in use by a kernel component/;

/**
 * `ipset -`. It refuses an unknown output mode before it asks the kernel. Some other errors, such as a malformed
 * number, would break the commands that follow.
 */
/** The program. */
export const IPSET_DIALOG: DialogProgram = {
  tool: IPSET,
  args: ['-'],
  invalidLine: (word) => `-o ${word}`,
  errorWith: (word) => new RegExp(`ipset v[^\\n]*'${word}'\\n`),
  errorTail: /(?!)/,
};
