/** Lines that are printed without --lines: a screenful. */
export const DEFAULT_LINES = 50;

/** The most lines that --lines takes, and --since without it, so that they stay in memory until the oldest is found. */
export const MAX_LINES = 10_000;

/** A longer line is cut: no line of ours is half as long. */
export const MAX_LINE_BYTES = 65_536;

/** The most octets of files that are searched for our lines. */
export const MAX_SEARCHED_BYTES = 512 * 1024 * 1024;
