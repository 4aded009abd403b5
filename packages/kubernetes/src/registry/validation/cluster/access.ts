import { dnsSubdomainErrors, pathSegmentErrors } from '@ks-apiserver/apimachinery/validation/names';
import { RBAC_GROUP } from '../../authorization/rbac-group.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';

/** The scope of a role or a binding. */
interface Scope {
  namespaced: boolean;
}

function validatePolicyRules(
  list: readonly Fields[] | undefined,
  { namespaced }: Scope,
  out: Causes,
): void {
  each(
    list,
    'rules',
    (
      {
        verbs = [],
        nonResourceURLs: urls = [],
        apiGroups = [],
        resources = [],
        resourceNames = [],
      },
      path,
    ) => {
      if (verbs.length === 0) {
        out.required(`${path}.verbs`, 'verbs must contain at least one value');
      }

      if (urls.length > 0) {
        const field = `${path}.nonResourceURLs`;

        if (namespaced) {
          out.invalid(field, urls, 'namespaced rules cannot apply to non-resource URLs');
        }

        if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
          out.invalid(
            field,
            urls,
            'rules cannot apply to both regular resources and non-resource URLs',
          );
        }

        return;
      }

      if (apiGroups.length === 0) {
        out.required(`${path}.apiGroups`, 'resource rules must supply at least one api group');
      }
      if (resources.length === 0) {
        out.required(`${path}.resources`, 'resource rules must supply at least one resource');
      }
    },
  );
}

const clusterRole: Validator = ({ rules, aggregationRule }, _old, out) => {
  validatePolicyRules(rules, { namespaced: false }, out);

  if (aggregationRule === undefined) {
    return;
  }

  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors: Fields[] = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    out.required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
  }

  each(selectors, field, (selector, path) => {
    const before = out.list.length;

    validateLabelSelector(selector, path, out);

    if (out.list.length > before) {
      out.invalid(path, null, 'invalid label selector.');
    }
  });
};

function validateSubject(
  { kind = '', name = '', namespace = '', apiGroup = '' }: Fields,
  { namespaced }: Scope,
  at: string,
  out: Causes,
): void {
  if (name === '') {
    out.required(`${at}.name`);
  }

  if (kind === 'ServiceAccount') {
    if (name !== '') {
      out.each(`${at}.name`, name, dnsSubdomainErrors(name));
    }
    if (apiGroup !== '') {
      out.unsupported(`${at}.apiGroup`, apiGroup, ['']);
    }
    if (!namespaced && namespace === '') {
      out.required(`${at}.namespace`);
    }
  } else if (kind === 'User' || kind === 'Group') {
    out.supported(`${at}.apiGroup`, apiGroup, [RBAC_GROUP]);
  } else {
    out.unsupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group']);
  }
}

function binding(roleKinds: readonly string[]): Validator {
  return (object, old, out) => {
    const { roleRef = {}, subjects } = object;
    const { apiGroup = '', kind = '', name = '' } = roleRef;

    out.supported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]);
    out.supported('roleRef.kind', kind, roleKinds);

    if (name === '') {
      out.required('roleRef.name');
    } else {
      out.each('roleRef.name', name, pathSegmentErrors(name));
    }

    each<Fields>(subjects, 'subjects', (one, path) =>
      validateSubject(one, { namespaced: roleKinds.includes('Role') }, path, out),
    );

    if (!old) {
      return;
    }

    const { apiGroup: oldGroup, kind: oldKind, name: oldName } = old.roleRef ?? {};
    if (apiGroup === oldGroup && kind === oldKind && name === oldName) {
      return;
    }

    out.invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef');
  };
}

/** Rules of rbac.authorization.k8s.io, by `group/Kind`. */
export const accessRules: Readonly<Record<string, Validator>> = {
  [`${RBAC_GROUP}/Role`]: ({ rules }, _old, out) =>
    validatePolicyRules(rules, { namespaced: true }, out),
  [`${RBAC_GROUP}/ClusterRole`]: clusterRole,
  [`${RBAC_GROUP}/RoleBinding`]: binding(['Role', 'ClusterRole']),
  [`${RBAC_GROUP}/ClusterRoleBinding`]: binding(['ClusterRole']),
};
