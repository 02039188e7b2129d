// Scans the square code on a certificate's face, by camera or from a picture, and fills the form. The browser's own reader is
// asked first; where it has none, the one beside this file is loaded. Pictures stay on this device.

const LINK = /\/(?:v1\/certificates\/([A-Z]{2}[0-9]{4,10})\/verdict\?code=([A-Z2-7]{16})|verdict\?number=([A-Z]{2}[0-9]{4,10})&code=([A-Z2-7]{16}))/;
const EVERY_MS = 200;
const LONGEST_SIDE = 1200;

const scanner = document.getElementById("scanner");
const form = document.getElementById("verdict");
const words = scanner.dataset;

let reader = null;

async function makeReader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => (await detector.detect(canvas)).map((found) => found.rawValue)[0] ?? "";
  }
  const { decodeQR } = await import("./qr-0.7.0/decode.js");
  return async (canvas) => {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    try {
      return decodeQR({ data, width, height });
    } catch {
      return "";
    }
  };
}

async function read(source, width, height) {
  reader ??= await makeReader();
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  return reader(canvas);
}

function take(text) {
  const found = LINK.exec(text);
  if (!found) {
    say(words.other);
    return false;
  }
  form.elements.number.value = found[1] ?? found[3];
  form.elements.code.value = found[2] ?? found[4];
  form.requestSubmit();
  return true;
}

const message = document.createElement("p");
message.setAttribute("role", "status");

function say(text) {
  message.textContent = text;
}

function addCamera() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = words.camera;
  let stop = null;
  button.addEventListener("click", async () => {
    if (stop) {
      stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      say(words.refused);
      return;
    }
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.setAttribute("aria-hidden", "true");
    video.srcObject = stream;
    message.before(video);
    button.textContent = words.stop;
    say(words.looking);
    let running = true;
    stop = () => {
      running = false;
      stop = null;
      for (const track of stream.getTracks()) track.stop();
      video.remove();
      button.textContent = words.camera;
      say("");
    };
    await video.play();
    while (running) {
      const text = video.videoWidth ? await read(video, video.videoWidth, video.videoHeight) : "";
      if (running && text && take(text)) stop();
      await new Promise((done) => setTimeout(done, EVERY_MS));
    }
  });
  scanner.append(button);
}

function addPicture() {
  const label = document.createElement("label");
  label.className = "button plain";
  const field = document.createElement("input");
  field.type = "file";
  field.accept = "image/*";
  field.addEventListener("change", async () => {
    const file = field.files[0];
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      const text = await read(picture, picture.width, picture.height);
      if (text) take(text);
      else say(words.nothing);
    } catch {
      say(words.nothing);
    }
    field.value = "";
  });
  label.append(words.picture, field);
  scanner.append(label);
}

if (navigator.mediaDevices?.getUserMedia) addCamera();
addPicture();
scanner.append(message);
scanner.hidden = false;
