const VERSION_WORDS: readonly string[] = ['--version', '-V'];
const VERBOSE_WORDS: readonly string[] = ['--verbose', '-v'];

/** The version, if that is all that the command line asks for; else null. With --verbose, what the program runs with too. */
export async function versionText(argv: readonly string[], version: string): Promise<string | null> {
  const isAsked = argv.some((word) => VERSION_WORDS.includes(word));
  if (!isAsked || !argv.every((word) => [...VERSION_WORDS, ...VERBOSE_WORDS].includes(word))) return null;
  const line = `Version: ${version}\n`;
  if (!argv.some((word) => VERBOSE_WORDS.includes(word))) return line;
  return line + (await import('./surroundings.ts')).surroundings();
}
