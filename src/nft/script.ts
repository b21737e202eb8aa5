import { runTool, type ToolResult } from '../commands/tool.ts';
import { NFT } from './words.ts';

/**
 * What nft says that does not read a socket, which Node's pipes are: 0.9.8 cannot open it, and 1.0.9 takes only files and
 * pipes. An error in a script has another form.
 */
const REFUSES_INPUT = /Could not open file "\/dev\/stdin"|Not a regular file: "\/dev\/stdin"/;

/** `cat` gives nft a real pipe. */
const SHELL = { command: 'sh', package: 'dash' };
const THROUGH_A_PIPE = 'cat | exec nft "$@"';

/**
 * Runs a script of nft's language as one transaction; `-c` among the arguments only checks it. `timeoutMs` is as in
 * `runTool`. Never rejects.
 */
export async function runScript(
  script: string,
  args: readonly string[] = [],
  timeoutMs?: number,
): Promise<ToolResult> {
  const all = [...args, '-f', '-'];
  const options = { input: script, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const result = await runTool(NFT, all, options);
  if (!REFUSES_INPUT.test(result.stderr)) return result;
  const piped = await runTool(SHELL, ['-c', THROUGH_A_PIPE, NFT.command, ...all], options);
  return { ...piped, failure: piped.failure?.replace(/^sh: /, `${NFT.command}: `) ?? null };
}
