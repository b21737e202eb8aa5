import { CommandError, Exit } from './exit.ts';

/** The oldest Node that runs this program; `engines` in package.json says the same. */
export const LEAST_NODE = { major: 20, minor: 19 } as const;

/** Throws a CommandError (69) for the version of an older Node, which would otherwise end in a stack trace. */
export function refuseOldNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > LEAST_NODE.major || (major === LEAST_NODE.major && minor >= LEAST_NODE.minor)) return;
  throw new CommandError(
    Exit.unavailable,
    `found Node ${version}; Node ${LEAST_NODE.major}.${LEAST_NODE.minor} or newer is needed: Debian 13 has it; for ` +
      'Debian 12, install the package of portsentry that brings its own',
  );
}
