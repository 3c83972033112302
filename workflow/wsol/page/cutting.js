// The protocols in the browser.
