/** The reader of MaxMind's format, in a module of its own: it is loaded only for a file. */
export { Reader } from 'mmdb-lib';
