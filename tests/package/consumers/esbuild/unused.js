import { createStepUp } from "stepup/inline";
