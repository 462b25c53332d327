/** Puts the page of the gate into a frame, on the origin that the query names. */

const frame = document.createElement("iframe");
frame.src = `${new URLSearchParams(location.search).get("origin")}/pages/gate.html`;
frame.width = "600";
frame.height = "500";
frame.title = "The page of the gate";
frame.addEventListener("load", () => (document.documentElement.dataset.ready = ""));
document.body.append(frame);
