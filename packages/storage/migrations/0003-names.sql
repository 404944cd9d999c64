-- Names as macOS gives them, with letters in parts, are not found by who types them.
update files set name = normalize(name, NFC) where name is not NFC normalized;
update folders set name = normalize(name, NFC) where name is not NFC normalized;
