import type { DialogProgram } from '../commands/dialog.ts';
import type { Tool } from '../commands/tool.ts';

/** The program. */
export const NFT: Tool = { command: 'nft', package: 'nftables' };

/** nft's error for a table, a chain or a set that does not exist. */
export const GONE = /No such file or directory/;

/** Its error for a set that is full. */
export const FULL = /Too many open files in system/;

/** Our error for a listing that is not JSON. */
export const NO_LISTING = 'nft: its listing cannot be read; it needs JSON support';

/**
 * `nft -i`. A word that is no command is a syntax error; nft repeats the line and marks the word below it. nft 1.1.7 says on a
 * line of its own what it expected instead.
 */
export const NFT_DIALOG: DialogProgram = {
  tool: NFT,
  args: ['-i'],
  invalidLine: (word) => word,
  errorWith: (word) => new RegExp(`Error: [^\\n]*\\n(?:expected [^\\n]*\\n)?${word}\\n`),
  errorTail: /^[ \t]*\^\n/,
};
