import type { Handler } from '@ks-apiserver/http/routes/route';
import type { SearchDependencies } from './dependencies.ts';
import { searchHandler } from './search-handler.ts';
import { STORED_ANSWERS } from './stored-answers.ts';

/** Returns the handler of searches of audit records. */
export function auditHandler(dependencies: SearchDependencies): Handler {
  return searchHandler('auditing', STORED_ANSWERS, dependencies);
}
