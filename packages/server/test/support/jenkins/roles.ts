import { done, formOf, type JenkinsRoute, json, page } from './exchange.ts';
import { crumbOf } from './state.ts';

/** Routes of the role strategy plugin's global roles, and of the crumb issuer. */
export const roleRoutes: readonly JenkinsRoute[] = [
  {
    method: 'GET',
    path: /^\/crumbIssuer\/api\/json(?:\/(?:api\/json)?)?$/,
    answer: (_request, state) => {
      const session = state.newSession();

      const answer = json({
        _class: 'hudson.security.csrf.DefaultCrumbIssuer',
        crumb: crumbOf(session),
        crumbRequestField: 'Jenkins-Crumb',
      });

      return {
        ...answer,
        headers: { ...answer.headers, 'set-cookie': `JSESSIONID=${session}; Path=/; HttpOnly` },
      };
    },
  },
  {
    method: 'GET',
    path: /^\/role-strategy\/strategy\/getRole\/?$/,
    answer: ({ query }, state) => {
      const role = state.roles.get(keyOf(query));
      if (!role) {
        return json({});
      }

      const permissionIds = Object.fromEntries(role.permissions.map((id) => [id, true]));

      return json({ permissionIds, sids: [...role.sids], pattern: role.pattern });
    },
  },
  {
    method: 'POST',
    path: /^\/role-strategy\/strategy\/addRole$/,
    answer: (request, state) => {
      const form = formOf(request);
      const permissions = (form.get('permissionIds') ?? '').split(',');
      if (permissions.some((id) => !/^(hudson|com)\.[\w.]+$/.test(id))) {
        return page(500, 'Cannot find permission');
      }

      state.roles.set(keyOf(form), {
        permissions,
        pattern: form.get('pattern') ?? '.*',
        sids: new Set(),
      });

      return done();
    },
  },
  {
    method: 'POST',
    path: /^\/role-strategy\/strategy\/removeRoles$/,
    answer: (request, state) => {
      const form = formOf(request);

      for (const name of (form.get('roleNames') ?? '').split(',')) {
        state.roles.delete(`${form.get('type')} ${name}`);
      }

      return done();
    },
  },
  {
    method: 'POST',
    path: /^\/role-strategy\/strategy\/(assignRole|unassignRole)$/,
    answer: (request, state, [action]) => {
      const form = formOf(request);
      const sids = state.roles.get(keyOf(form))?.sids;
      const sid = form.get('sid');
      if (!sids || !sid) {
        return page(400, 'Bad Request');
      }

      if (action === 'assignRole') {
        sids.add(sid);
      } else {
        sids.delete(sid);
      }

      return done();
    },
  },
];

function keyOf(form: URLSearchParams): string {
  return `${form.get('type')} ${form.get('roleName')}`;
}
