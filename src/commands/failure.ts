/** null when it worked, else why not, in one line. */
export type Failure = string | null;
