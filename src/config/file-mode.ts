/** The accounts that may read a file. */
export interface FileMode {
  /** The permission bits. */
  readonly bits: number;
  /** The name of a group; null for the one that the file has. */
  readonly group: string | null;
}
