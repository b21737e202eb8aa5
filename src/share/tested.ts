import type { TestLine } from './engine.ts';

/** One line of `share --test`: what `does` resolves to, or `failed` with the reason. Never rejects. */
export async function tested(does: () => Promise<string>, failed: string): Promise<TestLine> {
  try {
    return { isGood: true, text: await does() };
  } catch (error) {
    return { isGood: false, text: `${failed}: ${(error as Error).message}.` };
  }
}
