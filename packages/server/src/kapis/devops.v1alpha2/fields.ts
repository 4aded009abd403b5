import { type TSchema, Type } from 'typebox';

/** A text that may be missing. */
export const text = (description: string) => Type.Optional(Type.String({ description }));

/** A number that may be missing. */
export const count = (description: string) =>
  Type.Optional(Type.Integer({ description, format: 'int32' }));

/** A flag that may be missing. */
export const flag = (description: string) => Type.Optional(Type.Boolean({ description }));

/** A value whose type Jenkins does not promise. */
export const anything = (description: string) => Type.Optional(Type.Unknown({ description }));

/** A list that may be missing. */
export const list = (items: TSchema, description: string) =>
  Type.Optional(Type.Array(items, { description }));

const Link = Type.Object(
  { _class: text('class of the link'), href: text('path in Jenkins') },
  { $id: 'devops.Link' },
);

/** What every resource of Blue Ocean has: its class and its links. */
export const resource = (...links: readonly string[]) => ({
  _class: text('class of the resource in Jenkins'),
  _links: Type.Object(Object.fromEntries(links.map((name) => [name, Link])), {
    description: 'paths of related resources in Jenkins',
  }),
});
