import type { DialogProgram } from '../../commands/dialog.ts';
import type { Tool } from '../../commands/tool.ts';

export const IPSET: Tool = { command: 'ipset', package: 'ipset' };

/** What ipset says of a set that is not there. */
export const GONE = /The set with the given name does not exist/;

/** What ipset says of a set that has as many elements as it may. */
export const FULL = /Hash is full/;

/** What ipset says of a set that a rule looks into; for a moment also when that rule is gone already. */
export const IN_USE = /in use by a kernel component/;

/**
 * `ipset -`: an output mode that there is not is refused before the kernel is asked. Of other faults some, such as
 * a number that is none, spoil the commands that follow.
 */
export const IPSET_DIALOG: DialogProgram = {
  tool: IPSET,
  args: ['-'],
  provoke: (word) => `-o ${word}`,
  complaintOn: (word) => new RegExp(`ipset v[^\\n]*'${word}'\\n`),
  afterthought: /(?!)/,
};
