throw new Error("nothing is set up");
