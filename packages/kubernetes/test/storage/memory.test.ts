import { testBackend } from './backend-suite.ts';
import { MemoryBackend } from './memory.ts';

testBackend('memory', async (policy) => new MemoryBackend(policy));
