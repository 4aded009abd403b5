import type { Handler } from '@ks-apiserver/http/routes/route';
import type { SearchDependencies } from './dependencies.ts';
import { searchHandler } from './search-handler.ts';
import { STORED_ANSWERS } from './stored-answers.ts';

/** Returns the handler of searches of events. */
export function eventHandler(dependencies: SearchDependencies): Handler {
  return searchHandler('events', STORED_ANSWERS, dependencies);
}
