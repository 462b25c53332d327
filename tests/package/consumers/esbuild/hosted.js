import { parseChallenges } from "stepup";

const result = document.querySelector("#result");
try {
  const header = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';
  const challenges = await parseChallenges(header, { wasm: "/node_modules/stepup/stepup_bg.wasm" });
  result.textContent = JSON.stringify(challenges.map(({ requirement }) => requirement.acrValues));
} catch (error) {
  result.textContent = `${error} ${error.cause ?? ""}`;
}
