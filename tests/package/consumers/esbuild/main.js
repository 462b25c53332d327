import { createStepUp, parseChallenges } from "stepup/inline";

addEventListener("DOMContentLoaded", async () => {
  const result = document.querySelector("#result");
  try {
    createStepUp({ apis: ["/"] });
    const header = 'Bearer error="insufficient_user_authentication", acr_values="AL3"';
    const challenges = await parseChallenges(header);
    result.textContent = JSON.stringify(challenges.map(({ requirement }) => requirement.acrValues));
  } catch (error) {
    result.textContent = `${error} ${error.cause ?? ""}`;
  }
});
