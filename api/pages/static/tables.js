// Filters work while typing, and each drawing can be saved as PNG. Without this the form does the first.

const fold = (text) => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();

function filter(field, table) {
  const wanted = fold(field.value.trim());
  for (const row of table.tBodies[0].rows) {
    const name = fold(row.cells[0].textContent);
    row.hidden = !(name.includes(wanted) || row.dataset.code.toLowerCase() === wanted);
  }
}

async function save(link) {
  const picture = new Image();
  picture.src = link.href;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth * 2;
  canvas.height = picture.naturalHeight * 2;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const data = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(data);
  anchor.download = `${new URL(link.href).pathname.slice(1, -4)}.png`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

for (const field of document.querySelectorAll("[data-filter]")) {
  const table = document.getElementById(field.dataset.filter);
  if (table) field.addEventListener("input", () => filter(field, table));
}

for (const link of document.querySelectorAll("[data-picture]")) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "PNG";
  button.addEventListener("click", () => save(link));
  item.append(button);
  link.parentElement.after(item);
}
