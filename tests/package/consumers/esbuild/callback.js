import "stepup/callback";
