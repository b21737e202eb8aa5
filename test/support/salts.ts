/** Salts for tests of tables that hash: a fault of signed hashes shows with some of them and not with others. */
export const SALTS: readonly number[] = [0, 1, 7, 0x7fffffff, 0x80000000, 0x85ebca6b, 0xdeadbeef, 0xffffffff];
