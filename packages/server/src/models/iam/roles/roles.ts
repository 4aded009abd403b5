import { aggregatedNames } from '@ks-apiserver/api/aggregation';
import { AGGREGATION_ROLES } from '@ks-apiserver/api/annotations';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { badRequest, conflict } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { patchObject } from '@ks-apiserver/apimachinery/patch/merge-patch';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { byCreation } from '@ks-apiserver/client/informer/entry';
import type { WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../../authorization/caller-writer.ts';
import { rulesOf } from '../../authorization/rights.ts';
import { missingRole, type Scope, type Scopes } from './scopes.ts';

/**
 * Roles of every scope. Their rules are those of the templates that an annotation names, never
 * those that a client sends.
 */
export class Roles {
  readonly #scopes: Scopes;

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  /**
   * Returns the rules of all templates that a role is made from. Throws NotFound for one that does
   * not exist, or belongs to another workspace.
   */
  #templateRules(scope: Scope, object: KubeObject): PolicyRule[] {
    return aggregatedNames(object.metadata.annotations?.[AGGREGATION_ROLES]).flatMap((name) => {
      const template = this.#scopes.template(scope, name);
      const workspace = scope.level === 'workspace' ? template?.labels[WORKSPACE_LABEL] : undefined;
      if (!template || (workspace !== undefined && workspace !== scope.key)) {
        throw missingRole(scope, name);
      }

      return rulesOf(template.object);
    });
  }

  #toStore(scope: Scope, given: KubeObject, rules: readonly PolicyRule[]): KubeObject {
    const labels = { ...given.metadata.labels, ...scope.metadata.labels };

    const metadata = {
      ...given.metadata,
      ...scope.metadata,
      ...(Object.keys(labels).length > 0 && { labels }),
    };

    return { ...given, apiVersion: scope.apiVersion, kind: scope.roleKind, metadata, rules };
  }

  /** Creates a role, or replaces the one whose resourceVersion it carries. */
  async save(
    scope: Scope,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    const name = given.metadata.name ?? '';
    const role = this.#toStore(scope, given, this.#templateRules(scope, given));

    if (!given.metadata.resourceVersion) {
      return caller.create(scope.roles, role, options);
    }

    if (scope.level === 'workspace' && !this.#scopes.role(scope, name)) {
      throw missingRole(scope, name);
    }

    return caller.update(scope.roles, role, options);
  }

  /** Applies a merge patch (RFC 7386); a changed list of templates changes the rules. */
  async patch(
    scope: Scope,
    name: string,
    patch: unknown,
    caller: CallerWriter,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    if (!isObject(patch)) {
      throw badRequest('the patch must be a JSON object');
    }

    const existing = this.#scopes.role(scope, name);
    if (!existing?.object) {
      throw missingRole(scope, name);
    }

    const { rules: _rules, ...rest } = patch;
    const merged = patchObject(existing.object, rest);

    const aggregation = merged.metadata.annotations?.[AGGREGATION_ROLES];
    const changed = aggregation !== existing.object.metadata.annotations?.[AGGREGATION_ROLES];
    const rules = changed ? this.#templateRules(scope, merged) : rulesOf(existing.object);

    const named = {
      ...merged,
      metadata: {
        ...merged.metadata,
        name,
        ...(existing.namespace && { namespace: existing.namespace }),
      },
    };

    if (named.metadata.uid !== existing.uid) {
      throw conflict(
        { group: scope.roleGroup, resource: scope.roles.resource, name },
        'the uid must not change',
      );
    }

    return caller.update(scope.roles, this.#toStore(scope, named, rules), options);
  }

  /** Deletes a role. Throws NotFound. */
  async delete(
    scope: Scope,
    name: string,
    caller: CallerWriter,
    options: WriteOptions = {},
  ): Promise<void> {
    if (scope.level === 'workspace' && !this.#scopes.role(scope, name)) {
      throw missingRole(scope, name);
    }

    await caller.delete(
      { resource: scope.roles, name, namespace: scope.metadata.namespace },
      options,
    );
  }

  /**
   * Returns the templates of a user's role in a scope, newest first; none if the user has no role.
   */
  templatesOf(scope: Scope, user: string): Entry[] {
    const [binding] = scope.index.entriesOf(user, scope.key);
    const roleName: string | undefined = binding?.object?.roleRef?.name;
    const role = roleName === undefined ? undefined : this.#scopes.role(scope, roleName);
    const names = aggregatedNames(role?.object?.metadata.annotations?.[AGGREGATION_ROLES]);

    return names
      .flatMap((name) => this.#scopes.template(scope, name) ?? [])
      .sort((a, b) => byCreation(b, a));
  }
}
