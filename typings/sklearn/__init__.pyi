from sklearn import metrics as metrics
