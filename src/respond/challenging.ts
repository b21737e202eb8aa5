import type { Config } from '../config/config.ts';
import { mayBlock } from './holding.ts';

/** Linux draws `numgen random` from get_random_u32 from this version on, a random number that nobody can predict. */
const UNPREDICTABLE_SINCE = [5, 19] as const;

/**
 * Why there is no coin test although CHALLENGE="1" asks for it; null when there can be one, or nobody asks. `release` is
 * that of the kernel, as `uname -r` prints it.
 */
export function whyNoChallenge(config: Config, release: string): string | null {
  if (!config.challenge) return null;
  if (config.sensor === 'packet') return 'it needs the kernel sensor, and SENSOR="packet" is set';
  if (config.user !== null) return 'it needs the kernel sensor, which only root can have, and USER is set';
  if (!config.hold) return 'it tests sources that the kernel holds, and HOLD="0" holds none';
  if (!mayBlock(config, 'tcp'))
    return 'it tests sources that the kernel holds, and none is held where no TCP probe leads to a block';
  if (isPredictable(release))
    return `the random numbers of Linux ${release} can be predicted, so a forger could pass; it needs Linux ${UNPREDICTABLE_SINCE.join('.')} or newer`;
  return null;
}

/**
 * Before upstream's b1fd94e70457 `numgen random` came from a generator whose state its own output shows. Some
 * distributions have put that change into older kernels, which their version does not tell: those count as without.
 */
function isPredictable(release: string): boolean {
  const match = /^(\d+)\.(\d+)(.*)$/.exec(release);
  if (match === null) return true;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const [sinceMajor, sinceMinor] = UNPREDICTABLE_SINCE;
  if (major !== sinceMajor) return major < sinceMajor;
  // A candidate of that version may be older than the change.
  return minor < sinceMinor || (minor === sinceMinor && /^[\d.]*-rc/.test(match[3] as string));
}
