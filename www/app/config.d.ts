/** Addresses of the other two hosts, written by the server as `/config.js`. */
export const api: string;
export const issuer: string;
