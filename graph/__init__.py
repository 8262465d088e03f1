"""Pure graph logic over the catalog: what is wrong, what starts when, who needs whom."""
