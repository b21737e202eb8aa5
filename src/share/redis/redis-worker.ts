import { parentPort, workerData } from 'node:worker_threads';
import { EngineError } from '../engine.ts';
import { RedisClient } from './client.ts';
import type { Answered, Asked, RedisSetup } from './requests.ts';

/**
 * The thread that talks with a server of Redis. The client library throws where nobody can catch it when a server sends
 * what none should send, and keeps what a server makes it keep; here that ends a thread and not the daemon.
 */
const client = new RedisClient(workerData as RedisSetup);

parentPort?.on('message', async ({ seq, request, terms }: Asked) => {
  parentPort?.postMessage(await answerTo(seq, client.carryOut(request, terms)));
});

async function answerTo(seq: number, job: ReturnType<RedisClient['carryOut']>): Promise<Answered> {
  try {
    return { seq, entries: await job };
  } catch (error) {
    const { message } = error as Error;
    return { seq, message, outcome: error instanceof EngineError ? error.outcome : 'unknown' };
  }
}
