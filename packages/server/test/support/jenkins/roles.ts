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
      const sids = state.globalRoles.get(query.get('roleName') ?? '');
      return json(sids ? { permissionIds: {}, sids: [...sids] } : {});
    },
  },
  {
    method: 'POST',
    path: /^\/role-strategy\/strategy\/(assignRole|unassignRole)$/,
    answer: (request, state, [action]) => {
      const form = formOf(request);
      const sids = state.globalRoles.get(form.get('roleName') ?? '');
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
