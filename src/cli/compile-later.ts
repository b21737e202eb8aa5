/** Eight times what V8 takes by itself: octets of bytecode that a function runs, with its loops, before V8 optimizes it. */
const INTERRUPT_BUDGET_BYTES = 540_672;

/**
 * Lets V8 of Node 20 optimize code later. That version has no compiler between the baseline and TurboFan, and so it compiles
 * a replay's loops before it has seen the frames that they meet, throws the code away, and compiles them anew: half of the
 * processor time of a replay of mixed traffic (bench/replay). Later versions have Maglev for that, and not this flag; nor
 * do they load `node:v8` here, which takes milliseconds.
 */
export function compileLater(): void {
  if (process.versions.v8.startsWith('11.'))
    process.getBuiltinModule('node:v8').setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET_BYTES}`);
}
