import {
  done,
  formOf,
  type JenkinsAnswer,
  type JenkinsRoute,
  json,
  page,
  redirect,
} from './exchange.ts';
import { FOLDER, type JenkinsItem, type JenkinsState, newItem } from './state.ts';

/** Path of an item: `/job/a/job/b`. */
const ITEM = '((?:/job/[^/]+)+)';

/** Classes of jobs by the root element of their document. */
const CLASSES: Readonly<Record<string, string>> = {
  'flow-definition': 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
  'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject':
    'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject',
  [FOLDER]: FOLDER,
};

/** Versions that Jenkins writes after the names of plugins. */
const PLUGIN_VERSION = '1.0-stub';

function namesOf(path: string): string[] {
  return path
    .split('/job/')
    .slice(1)
    .map((name) => decodeURIComponent(name));
}

function itemAt(state: JenkinsState, path: string): JenkinsItem | undefined {
  return state.find(...namesOf(path));
}

function childrenAt(state: JenkinsState, path: string): Map<string, JenkinsItem> | undefined {
  return path === '' ? state.items : itemAt(state, path)?.children;
}

/** Reports whether every tag of a document is closed in order: Jenkins refuses others. */
function isWellFormed(xml: string): boolean {
  const open: string[] = [];
  const rest = xml.replace(/^<\?xml[^>]*\?>/, '').replace(/<!--.*?-->/gs, '');

  for (const [, end, name = '', selfClosing] of rest.matchAll(
    /<(\/?)([\w.$-]+)(?:\s+[\w-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (end === '/') {
      if (open.pop() !== name) {
        return false;
      }
    } else if (selfClosing !== '/') {
      open.push(name);
    }
  }

  const texts = rest.replace(/<\/?[\w.$-]+(?:\s+[\w-]+="[^"<]*")*\s*\/?>/g, '');

  return open.length === 0 && !/[<>]|&(?!#?\w+;)/.test(texts);
}

/** Returns a document as Jenkins keeps it, or undefined for one that it refuses. */
function stored(xml: string): { _class: string; config: string } | undefined {
  const root = /^\s*(?:<\?xml[^>]*\?>)?\s*<([\w.$-]+)/.exec(xml)?.[1];
  const _class = CLASSES[root ?? ''];
  if (_class === undefined || !isWellFormed(xml)) {
    return undefined;
  }

  return { _class, config: xml.replace(/plugin="([\w-]+)"/g, `plugin="$1@${PLUGIN_VERSION}"`) };
}

function notFound(): JenkinsAnswer {
  return page(404, 'Not Found');
}

function url(names: readonly string[]): string {
  return `http://jenkins.example/${names.map((name) => `job/${name}/`).join('')}`;
}

function described(item: JenkinsItem, names: readonly string[]): object {
  return {
    _class: item._class,
    name: item.name,
    fullName: names.join('/'),
    url: url(names),
    ...(item._class === FOLDER && {
      jobs: [...item.children.values()].map((child) => ({
        _class: child._class,
        name: child.name,
        url: url([...names, child.name]),
      })),
    }),
  };
}

/** Routes of folders and jobs. */
export const itemRoutes: readonly JenkinsRoute[] = [
  {
    method: 'POST',
    path: new RegExp(`^(?:${ITEM})?/createItem$`),
    answer: (request, state, [path = '']) => {
      const form = formOf(request);
      const name = form.get('name') ?? '';
      const siblings = childrenAt(state, path);
      if (!siblings) {
        return notFound();
      }
      if (!/^[^/?*<>|:;@#$%^&!\\[\]]+$/.test(name)) {
        return page(400, 'unsafe character in the name');
      }
      if (siblings.has(name)) {
        return page(400, `A job already exists with the name '${name}'`);
      }

      if (form.get('mode') === FOLDER) {
        siblings.set(name, newItem(FOLDER, name, `<${FOLDER}/>`));
        return redirect(`/job/${name}/configure`);
      }

      const job = stored(request.body);
      if (!job) {
        return page(500, 'Oops! A problem occurred while processing the request.');
      }

      siblings.set(name, newItem(job._class, name, job.config));

      return done();
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${ITEM}/config\\.xml$`),
    answer: (_request, state, [path = '']) => {
      const item = itemAt(state, path);
      return item
        ? { status: 200, headers: { 'content-type': 'application/xml' }, body: item.config }
        : notFound();
    },
  },
  {
    method: 'POST',
    path: new RegExp(`^${ITEM}/config\\.xml$`),
    answer: (request, state, [path = '']) => {
      const item = itemAt(state, path);
      if (!item) {
        return notFound();
      }

      const job = stored(request.body);
      if (job?._class !== item._class) {
        return page(500, 'Oops! A problem occurred while processing the request.');
      }

      item.config = job.config;

      return done();
    },
  },
  {
    method: 'POST',
    path: new RegExp(`^${ITEM}/doDelete$`),
    answer: (_request, state, [path = '']) => {
      const names = namesOf(path);
      const siblings =
        names.length === 1 ? state.items : state.find(...names.slice(0, -1))?.children;

      return siblings?.delete(names.at(-1) ?? '') ? redirect('/') : notFound();
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${ITEM}/api/json/?$`),
    answer: (_request, state, [path = '']) => {
      const item = itemAt(state, path);
      return item ? json(described(item, namesOf(path))) : notFound();
    },
  },
];
