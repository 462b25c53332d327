/** URL Pattern for browsers that lack it: the package `urlpattern-polyfill`, put beside this file by the build. */
export const URLPattern: {
  new (init?: string | object, baseURL?: string): {
    readonly search: string;
    test(input: string): boolean;
  };
};
