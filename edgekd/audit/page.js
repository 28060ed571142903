const form = document.querySelector(".found form");
if (form) {
  const articles = [...document.querySelectorAll(".found article")];
  const texts = articles.map((article) => {
    const text = article.querySelector(".text").cloneNode(true);
    text.querySelectorAll("small").forEach((slot) => slot.remove());
    return text.textContent.toLowerCase();
  });
  const show = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.words.toLowerCase().trim();
    let shown = 0;
    articles.forEach((article, index) => {
      const fits =
        (!words || texts[index].includes(words)) &&
        (!wanted.language || article.lang === wanted.language) &&
        (!wanted.pair || article.dataset.pairs.split(" ").includes(wanted.pair));
      article.hidden = !fits;
      shown += fits;
    });
    form.querySelector("output").value = `${shown.toLocaleString("en")} of ${articles.length.toLocaleString("en")}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
