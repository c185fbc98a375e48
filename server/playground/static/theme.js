var e=localStorage.getItem("fimble-theme");(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e);
