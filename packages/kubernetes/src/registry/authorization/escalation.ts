import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { forbidden, notFound } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { Strategy, WriteContext } from '../resources/strategy.ts';
import { subjectOf } from '../store/metadata.ts';
import type { RbacAuthorizer } from './rbac.ts';
import { RBAC_GROUP } from './rbac-group.ts';

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

function formatRule(rule: PolicyRule): string {
  const list = (name: string, values: readonly string[] | null | undefined) =>
    values?.length ? [`${name}:[${values.map((value) => JSON.stringify(value)).join(', ')}]`] : [];

  const parts = [
    ...list('APIGroups', rule.apiGroups),
    ...list('Resources', rule.resources),
    ...list('ResourceNames', rule.resourceNames),
    ...list('NonResourceURLs', rule.nonResourceURLs),
    ...list('Verbs', rule.verbs),
  ];

  return `{${parts.join(', ')}}`;
}

function refuse(context: WriteContext, object: KubeObject, missing: readonly PolicyRule[]): void {
  if (missing.length === 0) {
    return;
  }

  const { user, type } = context;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');

  throw forbidden(
    subjectOf(type, object.metadata.name),
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing
      .slice(0, 50)
      .map(formatRule)
      .join('\n')}`,
  );
}

function attributesOf(verb: string, resource: string, namespace: string, name: string) {
  return {
    verb,
    isResource: true,
    group: RBAC_GROUP,
    resource,
    subresource: '',
    name,
    path: '',
    namespace,
  };
}

/** Roles: a user can grant only rules that they hold, unless they may `escalate`. */
export function roleStrategy(rbac: RbacAuthorizer): Strategy {
  const check = (object: KubeObject, context: WriteContext) => {
    const { namespace = '', name = '' } = object.metadata;

    // An aggregation rule can select any role, so that setting one takes all rights.
    const wanted: readonly PolicyRule[] = object.aggregationRule
      ? EVERYTHING
      : (object.rules ?? []);

    if (
      rbac.allows(context.user, attributesOf('escalate', context.type.resource, namespace, name))
    ) {
      return;
    }

    refuse(context, object, rbac.notHeld(context.user, namespace, wanted));
  };

  return {
    prepareForCreate: check,
    prepareForUpdate(object, old, context) {
      const gives = ({ rules, aggregationRule }: KubeObject) => [rules, aggregationRule];
      if (!equalJson(gives(object), gives(old))) {
        check(object, context);
      }
    },
  };
}

/** Bindings: a user can bind only roles whose rules they hold, unless they may `bind` it. */
export function bindingStrategy(rbac: RbacAuthorizer): Strategy {
  const check = (object: KubeObject, context: WriteContext) => {
    const { namespace = '' } = object.metadata;
    const { kind = '', name = '' } = object.roleRef ?? {};
    const resource = kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    if (rbac.allows(context.user, attributesOf('bind', resource, namespace, name))) {
      return;
    }

    const rules = rbac.rulesOfRole(kind, namespace, name);

    // The rules of a role that does not exist yet are unknown.
    if (!rules) {
      throw notFound(subjectOf(context.type, name));
    }

    refuse(context, object, rbac.notHeld(context.user, namespace, rules));
  };

  const complete = (object: KubeObject) => {
    if (object.roleRef) {
      object.roleRef.apiGroup ||= RBAC_GROUP;
    }

    for (const subject of object.subjects ?? []) {
      if (subject.kind === 'User' || subject.kind === 'Group') {
        subject.apiGroup ||= RBAC_GROUP;
      }
    }
  };

  return {
    prepareForCreate(object, context) {
      complete(object);
      check(object, context);
    },
    prepareForUpdate(object, old, context) {
      complete(object);
      if (!equalJson(object.subjects, old.subjects)) {
        check(object, context);
      }
    },
  };
}
