/** No more of React than the entry for Clerk uses. */
declare module "react" {
  export function createElement(type: unknown, props: object, ...children: unknown[]): never;
}
