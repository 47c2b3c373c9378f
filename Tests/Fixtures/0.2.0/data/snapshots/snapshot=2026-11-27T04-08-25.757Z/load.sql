COPY "ComputeNode" FROM 'ComputeNode.parquet' (FORMAT parquet);
COPY "BMC" FROM 'BMC.parquet' (FORMAT parquet);
COPY "NodeCollection" FROM 'NodeCollection.parquet' (FORMAT parquet);
COPY "Component" FROM 'Component.parquet' (FORMAT parquet);
