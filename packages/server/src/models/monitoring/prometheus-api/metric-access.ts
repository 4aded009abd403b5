import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Visibility } from '../../authorization/visible-namespaces.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';

/** Whoever may make this call reads all series; with a namespace in it, those of the namespace. */
const QUERY = parseRequestInfo('GET', '/kapis/monitoring.kubesphere.io/v1alpha3/targets/query');

/** Namespaces that one selector can name: beyond that its regular expression gets too long. */
const MAX_NAMESPACES = 1000;

/** No namespace can be called so: it chooses no series. */
const NOTHING: readonly Matcher[] = [{ name: 'namespace', op: '=', value: '-' }];

function literal(text: string): string {
  return text.replaceAll('.', '\\.');
}

/** Tells which series a user may read. */
export class MetricAccess {
  readonly #authorizer: Authorizer;
  readonly #visibility: Visibility;
  readonly #catalog: Catalog;

  constructor(authorizer: Authorizer, visibility: Visibility, catalog: Catalog) {
    this.#authorizer = authorizer;
    this.#visibility = visibility;
    this.#catalog = catalog;
  }

  /**
   * Returns the matchers to add to every selector of a user's queries; undefined for a user who may
   * read all series.
   */
  matchersFor(user: UserInfo): readonly Matcher[] | undefined {
    if (this.#authorizer.allows(user, QUERY)) {
      return undefined;
    }

    const definition = this.#catalog.definition('namespaces');
    const visible = this.#visibility.of(user, QUERY, definition, undefined);
    const names = [...(visible?.names ?? [])].slice(0, MAX_NAMESPACES);
    const [only] = names;

    if (only === undefined) {
      return NOTHING;
    }

    return names.length === 1
      ? [{ name: 'namespace', op: '=', value: only }]
      : [{ name: 'namespace', op: '=~', value: names.map(literal).join('|') }];
  }
}
