import type { DialogProgram } from '../commands/dialog.ts';
import type { Tool } from '../commands/tool.ts';

export const NFT: Tool = { command: 'nft', package: 'nftables' };

/** What nft says of a table, a chain or a set that is not there. */
export const GONE = /No such file or directory/;

/** What nft says of a set that has as many elements as it may. */
export const FULL = /Too many open files in system/;

/** What is said of a listing that is no JSON. */
export const NO_LISTING = 'nft: its listing cannot be read; it needs JSON support';

/** `nft -i`: a word of no command is a syntax error, told with the line and a mark below it. */
export const NFT_DIALOG: DialogProgram = {
  tool: NFT,
  args: ['-i'],
  provoke: (word) => word,
  complaintOn: (word) => new RegExp(`Error: [^\\n]*\\n${word}\\n`),
  afterthought: /^[ \t]*\^\n/,
};
