/** What is used of the inside of `oidc-provider`, which its types do not tell. */
declare module "oidc-provider/lib/helpers/validate_dpop.js" {
  interface Proof {
    thumbprint: string;
    jti: string;
    iat: number;
  }
  type Provider = import("oidc-provider").Provider;
  type Context = import("oidc-provider").KoaContextWithOIDC;
  /** The proof that came with a request, checked; undefined where there is none. */
  export default function validateDpop(provider: Provider, ctx: Context, accessToken?: string): Promise<Proof | undefined>;
  /** Throws where the proof was used before. */
  export function checkDpopReplay(provider: Provider, ctx: Context, proof: Proof, clientId: string): Promise<void>;
}
