// npm run figures [-- FOLDER …]: prints figures of how the product's code reads, over
// packages/*/src without its tests. docs/figures.md says what each figure means and which values
// other code bases have.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAX_COLUMNS = 100;
const LONG_BODY_LINES = 15;
const MAX_FILE_LINES = 400;
const MAX_FOLDER_FILES = 15;

/**
 * What --check allows. The numbers only go down: lower them when the code has fewer. Casts are
 * counted per 1,000 lines.
 */
const LIMITS = {
  blankLines: 10,
  bareIfs: 0,
  longLines: 1,
  nonNull: 9,
  casts: 3.7,
  nestedTernaries: 0,
  booleanParameters: 11,
  longFiles: 0,
  fullFolders: 0,
  cycles: 0,
};

const packages = readdirSync(join(root, 'packages'));
const isCheck = process.argv.includes('--check');
const folders = process.argv.slice(2).filter((argument) => argument !== '--check');
const roots = folders.length > 0 ? folders : packages.map((name) => `packages/${name}/src`);

/** Returns the product's source files below a folder: paths from the repository's root. */
function sourceFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
}

/** Returns the line, counted from 0, of each offset in `offsets`. */
function lineFinder(text) {
  const starts = [0];

  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }

  return (offset) => {
    let low = 0;
    let high = starts.length;

    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) {
        low = middle;
      } else {
        high = middle;
      }
    }

    return low;
  };
}

const figures = {
  files: 0,
  lines: 0,
  longLines: 0,
  bodyLines: 0,
  blankBodyLines: 0,
  ifs: 0,
  bareIfs: 0,
  nonNull: 0,
  casts: 0,
  nestedTernaries: 0,
  booleanParameters: 0,
};

const fileLines = new Map();
const functionLines = [];
const imports = new Map();

/** Reports whether a parameter is a boolean by its type or by its default. */
function isBoolean(parameter) {
  const { left = parameter, right } = parameter;
  const type = left.typeAnnotation?.typeAnnotation;
  const isUnion = type?.type === 'TSUnionType';
  const types = isUnion ? type.types : [type];

  return types.some((one) => one?.type === 'TSBooleanKeyword') || typeof right?.value === 'boolean';
}

function measure(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  const { program, errors } = parseSync(file, text);

  if (errors.length > 0) {
    throw new Error(`${file}: ${errors[0].message}`);
  }

  figures.files += 1;
  figures.lines += lines.length;
  figures.longLines += lines.filter((line) => line.length > MAX_COLUMNS).length;
  fileLines.set(file, lines.length);

  const lineOf = lineFinder(text);
  const inLongBodies = new Set();

  function measureFunction(node) {
    figures.booleanParameters += node.params.filter(isBoolean).length;

    if (node.body?.type !== 'BlockStatement') {
      return;
    }

    const first = lineOf(node.body.start) + 1;
    const last = lineOf(node.body.end - 1) - 1;

    functionLines.push(lineOf(node.end) - lineOf(node.start) + 1);

    if (last - first + 1 >= LONG_BODY_LINES) {
      for (let line = first; line <= last; line += 1) {
        inLongBodies.add(line);
      }
    }
  }

  const targets = [];

  const addTarget = (node) => {
    if (typeof node.source?.value === 'string') {
      targets.push(node.source.value);
    }
  };

  new Visitor({
    FunctionDeclaration: measureFunction,
    FunctionExpression: measureFunction,
    ArrowFunctionExpression: measureFunction,
    TSNonNullExpression: () => {
      figures.nonNull += 1;
    },
    TSAsExpression: ({ typeAnnotation: type }) => {
      const name = type.type === 'TSTypeReference' ? type.typeName : undefined;
      const isConst = name?.type === 'Identifier' && name.name === 'const';
      figures.casts += isConst ? 0 : 1;
    },
    ConditionalExpression: ({ consequent, alternate }) => {
      figures.nestedTernaries += [consequent, alternate].filter(
        ({ type }) => type === 'ConditionalExpression',
      ).length;
    },
    IfStatement: ({ consequent, alternate }) => {
      const branches = [consequent, ...(alternate ? [alternate] : [])];
      const isBare = branches.some(
        ({ type }) => type !== 'BlockStatement' && type !== 'IfStatement',
      );

      figures.ifs += 1;
      figures.bareIfs += isBare ? 1 : 0;
    },
    ImportDeclaration: addTarget,
    ExportNamedDeclaration: addTarget,
    ExportAllDeclaration: addTarget,
    TSImportType: addTarget,
    ImportExpression: addTarget,
  }).visit(program);

  figures.bodyLines += inLongBodies.size;
  figures.blankBodyLines += [...inLongBodies].filter((line) => lines[line].trim() === '').length;

  imports.set(
    file,
    targets.map((target) => resolveImport(file, target)).filter((target) => target !== undefined),
  );
}

/** Returns the source file that an import names; undefined for a library. */
function resolveImport(file, target) {
  if (target.startsWith('.')) {
    return relative(root, resolve(root, dirname(file), target));
  }

  const [scope, name, ...path] = target.split('/');

  return scope === '@ks-apiserver' ? `packages/${name}/src/${path.join('/')}.ts` : undefined;
}

/** Returns the groups of files that import each other in a circle (Tarjan's components). */
function importCycles() {
  const state = new Map();
  const stack = [];
  const cycles = [];
  let counter = 0;

  function visit(file) {
    const mine = { index: counter, low: counter, isOpen: true };

    counter += 1;
    state.set(file, mine);
    stack.push(file);

    for (const target of imports.get(file) ?? []) {
      const other = state.get(target) ?? (imports.has(target) ? visit(target) : undefined);
      if (other?.isOpen) {
        mine.low = Math.min(mine.low, other.low);
      }
    }

    if (mine.low === mine.index) {
      const component = stack.splice(stack.indexOf(file));
      for (const member of component) {
        state.get(member).isOpen = false;
      }

      if (component.length > 1) {
        cycles.push(component.sort());
      }
    }

    return mine;
  }

  for (const file of imports.keys()) {
    if (!state.has(file)) {
      visit(file);
    }
  }

  return cycles;
}

/** Returns the folders that hold more source files than MAX_FOLDER_FILES, with their counts. */
function fullFolders() {
  const counts = new Map();

  for (const file of fileLines.keys()) {
    const folder = dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }

  return [...counts].filter(([, count]) => count > MAX_FOLDER_FILES);
}

function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)];
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;

for (const folder of roots.filter((one) => statSync(join(root, one), { throwIfNoEntry: false }))) {
  for (const file of sourceFiles(folder)) {
    measure(file);
  }
}

const cycles = importCycles();
const full = fullFolders();
const long = [...fileLines].filter(([, lines]) => lines > MAX_FILE_LINES);

const castsPerThousandLines = (1000 * figures.casts) / figures.lines;

const rows = [
  ['files, lines', `${figures.files}, ${figures.lines}`],
  [
    'lines of a file, median / p90',
    `${percentile(fileLines.values(), 0.5)} / ${percentile(fileLines.values(), 0.9)}`,
  ],
  ['lines of a function, p90', percentile(functionLines, 0.9)],
  [
    'blank lines in bodies of 15 lines and more',
    percent(figures.blankBodyLines, figures.bodyLines),
  ],
  ['ifs without braces', percent(figures.bareIfs, figures.ifs)],
  [`lines over ${MAX_COLUMNS} columns`, percent(figures.longLines, figures.lines)],
  ['non-null assertions', figures.nonNull],
  ['casts (as), and per 1,000 lines', `${figures.casts}, ${castsPerThousandLines.toFixed(2)}`],
  ['nested ternaries', figures.nestedTernaries],
  ['boolean parameters', figures.booleanParameters],
  [`files over ${MAX_FILE_LINES} lines`, long.length],
  [`folders over ${MAX_FOLDER_FILES} files`, full.length],
  ['import cycles, types included', cycles.length],
];

for (const [name, value] of rows) {
  console.log(`${name.padEnd(44)} ${value}`);
}

for (const [file, lines] of long) {
  console.log(`long file: ${file} ${lines}`);
}

for (const [folder, count] of full) {
  console.log(`full folder: ${folder} ${count}`);
}

for (const cycle of cycles) {
  console.log(`import cycle: ${cycle.join(' ')}`);
}

/** Returns a line for each figure that is worse than its limit. */
function findExcesses() {
  const values = {
    bareIfs: figures.bareIfs,
    longLines: (100 * figures.longLines) / figures.lines,
    nonNull: figures.nonNull,
    casts: castsPerThousandLines,
    nestedTernaries: figures.nestedTernaries,
    booleanParameters: figures.booleanParameters,
    longFiles: long.length,
    fullFolders: full.length,
    cycles: cycles.length,
  };

  const excesses = Object.entries(values)
    .filter(([name, value]) => value > LIMITS[name])
    .map(([name, value]) => `${name}: ${value} is more than ${LIMITS[name]}`);
  const blankLines = (100 * figures.blankBodyLines) / figures.bodyLines;

  if (blankLines < LIMITS.blankLines) {
    excesses.push(`blankLines: ${blankLines.toFixed(1)} % is less than ${LIMITS.blankLines} %`);
  }

  return excesses;
}

if (isCheck) {
  for (const line of findExcesses()) {
    console.error(line);
    process.exitCode = 1;
  }
}
